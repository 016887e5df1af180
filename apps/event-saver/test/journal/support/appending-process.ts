import { writeSync } from 'node:fs'
import { frameOf, LINEAR, open } from './journals.ts'

/**
 * A process of its own: appends frames to the journal in the directory that it is given, as fast as it is told, and
 * says on stdout which is the last that is durable, until it is killed.
 */
const [directory = '', from = '0'] = process.argv.slice(2)
const { journal } = open(directory, {
  segmentBytes: 2_000_000,
  syncIntervalMs: 20,
  blockDelayMs: 5,
  packs: true,
})
const connection = journal.connect(LINEAR)
let index = Number(from)
let said = -1
const pending: { index: number; position: number }[] = []

writeSync(1, `first ${journal.firstOfProcess}\n`)
setInterval(() => {
  for (let i = 0; i < 200; i++) {
    pending.push({ index, position: journal.append(connection, frameOf(index)) })
    index += 1
  }
  let last = said
  while (pending[0] !== undefined && pending[0].position <= journal.durable) {
    last = pending.shift()?.index ?? last
  }
  if (last > said) writeSync(1, `durable ${last}\n`)
  said = last
}, 5)
