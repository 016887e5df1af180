#!/usr/bin/env node
import { runProgram } from './cli/program.ts'

const REQUIRED_NODE = 24

if (Number(process.versions.node.split('.')[0]) < REQUIRED_NODE) {
  process.stderr.write(
    `event-saver needs Node ${REQUIRED_NODE} or newer, this is ${process.version}; start it with npx -y pnpm@12 start\n`,
  )
  process.exit(1)
}

runProgram({
  argv: process.argv.slice(2),
  env: process.env,
  // pnpm runs scripts in the package's folder and says where the command was typed.
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  stdin: process.stdin,
}).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`event-saver: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(1)
  },
)
