import { fileURLToPath } from 'node:url'
import { EXCEPTIONS } from './exceptions.ts'
import { checkLayout } from './layout.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const faults = checkLayout(root, EXCEPTIONS)
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
