/** A client's request on a public socket. */
export interface Request {
  readonly reqId: string
  readonly op: string
  readonly args: readonly string[]
}

/** A client's request on any socket: `auth` has a number among its arguments. */
export interface LooseRequest extends Omit<Request, 'args'> {
  readonly args: readonly unknown[]
}

/**
 * Reads a client's message; gives the text of the exchange's complaint when it cannot be read.
 *
 * The exchange's server reads with jsoniter, whose wording is imitated: recordings show only its
 * beginning (`Failed to decode incoming data:readObjectStart`).
 */
export function readRequest(text: string): Request | string {
  const request = readLooseRequest(text)
  if (typeof request === 'string') return request
  const { args } = request
  return isTexts(args) ? { ...request, args } : complaint(text)
}

/** Reads a client's message with arguments of any type. */
export function readLooseRequest(text: string): LooseRequest | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return complaint(text)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return complaint(text)
  const { req_id: id = '', op = '', args = [] } = value as Record<string, unknown>
  // ccxt sends a number as `req_id`; the reply carries it as a text.
  const reqId = typeof id === 'number' ? String(id) : id
  if (typeof reqId !== 'string' || typeof op !== 'string' || !Array.isArray(args)) {
    return complaint(text)
  }
  return { reqId, op, args }
}

function isTexts(value: readonly unknown[]): value is readonly string[] {
  return value.every((item) => typeof item === 'string')
}

function complaint(text: string): string {
  const found = text.trimStart().charAt(0)
  return `Failed to decode incoming data:readObjectStart: expect { or n, but found ${found}, error found in #1 byte of ...|${text.slice(0, 10)}|..., bigger context ...|${text.slice(0, 50)}|...`
}
