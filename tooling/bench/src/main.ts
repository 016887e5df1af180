import { parseArgs } from 'node:util'
import { endToEnd } from './end-to-end.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    seconds: { type: 'string', default: '300' },
    rate: { type: 'string', default: '16000' },
  },
})

endToEnd({ seconds: Number(values.seconds), tradesPerSecond: Number(values.rate) }).then(
  ({ lines, failed }) => {
    process.stdout.write(`${lines.join('\n')}\n`)
    if (failed) process.exitCode = 1
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 1
  },
)
