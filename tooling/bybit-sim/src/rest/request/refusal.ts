/** A refusal: HTTP 200 with its own `retCode`. */
export class RestRefusal extends Error {
  override readonly name = 'RestRefusal'
  readonly retCode: number

  constructor(retCode: number, retMsg: string) {
    super(retMsg)
    this.retCode = retCode
  }
}

/** The refusal of a bad parameter. */
export function badParameter(text: string): RestRefusal {
  return new RestRefusal(10001, text)
}
