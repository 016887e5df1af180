/** A business error: HTTP 200 with a `retCode` of its own. */
export class RestRefusal extends Error {
  override readonly name = 'RestRefusal'
  readonly retCode: number

  constructor(retCode: number, retMsg: string) {
    super(retMsg)
    this.retCode = retCode
  }
}

/** The exchange's complaint about a parameter. */
export function badParameter(text: string): RestRefusal {
  return new RestRefusal(10001, text)
}
