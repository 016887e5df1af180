import { EventEmitter } from 'node:events'
import { snapshotFrame } from './frames.ts'

interface Request {
  readonly op: string
  readonly req_id: string
  readonly args?: readonly string[]
}

/** A socket without a network, which answers at once: a day of its time takes a second. */
export class PaperSocket extends EventEmitter {
  static readonly OPEN = 1
  static readonly all: PaperSocket[] = []
  readyState = 0

  constructor() {
    super()
    PaperSocket.all.push(this)
    queueMicrotask(() => {
      this.readyState = PaperSocket.OPEN
      this.emit('open')
    })
  }

  send(text: string): void {
    const { op, req_id, args = [] } = JSON.parse(text) as Request
    const ret_msg = op === 'ping' ? 'pong' : ''
    this.deliver(JSON.stringify({ success: true, ret_msg, conn_id: 'c', req_id, op }))
    if (op !== 'subscribe') return
    for (const topic of args) {
      if (topic.startsWith('tickers.')) {
        this.deliver(snapshotFrame({ lastPrice: '1', volume24h: '9' }, topic.slice(8)))
      }
      if (topic.startsWith('orderbook.1.')) {
        const data = { s: topic.slice(12), b: [], a: [], u: 1, seq: 1 }
        this.deliver(JSON.stringify({ topic, type: 'snapshot', ts: 1546300800000, data }))
      }
    }
  }

  /** Delivers what the exchange sends. */
  deliver(text: string): void {
    this.emit('message', Buffer.from(text), false)
  }

  close(): void {
    this.terminate()
  }

  terminate(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.emit('close', 1000, Buffer.alloc(0))
  }
}
