// Sends recorded frames repeatedly, as fast as the client takes them, once it has subscribed to all
// topics. Runs as a process of its own, so that its work does not count as the client's.
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'

interface Request {
  readonly op: string
  readonly req_id?: string
  readonly args?: readonly string[]
}

const MAX_BUFFERED_BYTES = 1024 * 1024

const [file = '', passes = '', topics = ''] = process.argv.slice(2)
const frames = readFileSync(file, 'utf8').split('\n').filter(Boolean)
const end = frames.pop() ?? ''

/** How far each pass is moved on in time and sequence: more than a recording spans. */
const PASS_MS = 60_000
const PASS_SEQ = 1e9

/** A frame moved on to a later pass, because a client may drop exact repetitions. */
function later(frame: string, pass: number): string {
  return frame.replace(/"(ts|T|cs|seq)":(\d+)/g, (_, key: string, value: string) => {
    const step = key === 'ts' || key === 'T' ? PASS_MS : PASS_SEQ
    return `"${key}":${Number(value) + pass * step}`
  })
}

async function pour(socket: WebSocket): Promise<void> {
  for (let pass = 0; pass < Number(passes); pass++) {
    for (const frame of frames) {
      socket.send(later(frame, pass))
      while (socket.bufferedAmount > MAX_BUFFERED_BYTES) await turn()
    }
  }
  // Repeats the last frame, because a client that polls may miss it once.
  const repeat = setInterval(() => socket.send(end), 50)
  socket.on('close', () => clearInterval(repeat))
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
server.on('connection', (socket) => {
  let asked = 0
  socket.on('message', (data) => {
    const { op, req_id = '', args = [] } = JSON.parse(String(data)) as Request
    const ret_msg = op === 'ping' ? 'pong' : ''
    socket.send(JSON.stringify({ success: true, ret_msg, conn_id: 'c', req_id, op }))
    if (op !== 'subscribe') return
    asked += args.length
    if (asked === Number(topics)) void pour(socket)
  })
  socket.on('error', () => {})
})
server.on('listening', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
