import { WebSocket } from 'ws'

/** A plain WebSocket client that keeps every message; it shares no code with the simulator. */
export class Client {
  readonly ws: WebSocket
  readonly texts: string[] = []
  readonly closed: Promise<number>
  #wake: () => void = () => {}

  constructor(url: string) {
    this.ws = new WebSocket(url, { maxPayload: 256 * 1024 * 1024 })
    this.closed = new Promise((resolve) => this.ws.once('close', resolve))
    this.ws.on('message', (data) => {
      this.texts.push(String(data))
      this.#wake()
    })
    this.ws.on('error', () => {})
    void this.closed.then(() => this.#wake())
  }

  static async open(wsUrl: string, path = '/v5/public/linear'): Promise<Client> {
    const client = new Client(wsUrl + path)
    await new Promise((resolve, reject) => client.ws.once('open', resolve).once('error', reject))
    return client
  }

  /** Sends a request and waits for one more control frame. */
  async ask(request: object | string): Promise<string> {
    const before = this.control.length
    this.ws.send(typeof request === 'string' ? request : JSON.stringify(request))
    await this.until(() => this.control.length > before)
    return this.control[before] ?? ''
  }

  subscribe(...args: string[]): Promise<string> {
    return this.ask({ req_id: args.join('+'), op: 'subscribe', args })
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  get control(): string[] {
    return this.texts.filter((text) => text.startsWith('{') && !text.includes('"topic":'))
  }

  frames(topic: string): DataMessage[] {
    return this.texts
      .filter((text) => text.includes(`"topic":"${topic}"`))
      .map((text) => JSON.parse(text) as DataMessage)
  }
}

export interface DataMessage {
  topic: string
  type: string
  ts: number
  cs?: number
  data: unknown
}

/** The columns of the trades in a client's frames, with the position in each match counted here. */
export function tradeRows(client: Client, symbol: string): unknown[][] {
  const counts = new Map<number, number>()
  const rows: unknown[][] = []
  const seen = new Set<string>()
  for (const frame of client.frames(`publicTrade.${symbol}`)) {
    for (const t of frame.data as Record<string, never>[]) {
      const { T, s, S, v, p, L, i, BT, RPI, seq } = t
      if (i === undefined || seen.has(i)) continue
      seen.add(i)
      const index = counts.get(seq ?? 0) ?? 0
      counts.set(seq ?? 0, index + 1)
      rows.push([s, T, i, S, p, v, L, BT, RPI, seq, index])
    }
  }
  return rows
}

/** A client's ticker messages, each with the merged state after it. */
export function tickerRows(client: Client, symbol: string): unknown[][] {
  let state: Record<string, string> = {}
  return client.frames(`tickers.${symbol}`).map((frame) => {
    const { symbol: name, ...values } = frame.data as Record<string, string>
    state = frame.type === 'snapshot' ? values : { ...state, ...values }
    return [name, frame.ts, frame.cs, frame.type === 'snapshot', { ...state }, Object.keys(values)]
  })
}
