export type { Config } from './config/config.ts'
export { loadConfig } from './config/load.ts'
export { CommandError, EXIT, type ExitCode } from './exit-code.ts'
export type { SaverStatus } from './health/status.ts'
export type {
  DurableJournal,
  JournalFault,
  JournalOptions,
  JournalReader,
} from './journal/durable-journal.ts'
export { openJournal } from './journal/open-journal.ts'
export { type ReadSegmentsOptions, readSegments } from './journal/read-segments.ts'
export { createLogger, type Logger } from './log/log.ts'
export { Saver, type SaverOptions, type StopReport } from './saver.ts'
