import { EXIT } from '../../exit-code.ts'
import { STDERR } from '../../log/stderr.ts'
import { type CommandLine, JSON_OPTION } from '../command.ts'
import { plainText } from '../plain-text.ts'
import { startLog } from '../start-log.ts'
import { configLines, printableConfig } from './config.ts'
import { runUntilStopped } from './run.ts'
import { fetchStatus, statusLines } from './status.ts'

/** Adds `run`, `status`, `config` and `doctor`: a saver, and what it runs by. */
export function addCaptureCommands({ add, context, print }: CommandLine): void {
  add('run', 'capture until stopped', RUN_EXAMPLES, async (loaded) =>
    runUntilStopped(loaded.config, await startLog(loaded), {
      exitOnDbError: loaded.config.exitOnDbError,
      logLinesLost: () => STDERR.lost,
    }),
  )

  add(
    'status',
    'print the status of the running saver',
    STATUS_EXAMPLES,
    async ({ config }, options) => {
      const status = await fetchStatus(config)
      print(options, status, statusLines(status))
      return status.ready ? EXIT.ok : EXIT.problem
    },
  ).option(...JSON_OPTION)

  add(
    'config',
    'print the configuration, so that it can be given again, and where each value came from',
    CONFIG_EXAMPLES,
    async (loaded, options) => {
      const { cwd } = context
      if (options['json']) print(options, printableConfig(loaded, cwd), [])
      // As they are: they are to be read by a shell.
      else
        context.out(
          configLines(loaded, cwd)
            .map((line) => `${line}\n`)
            .join(''),
        )
      return EXIT.ok
    },
  ).option(...JSON_OPTION)

  add(
    'doctor',
    'check what a capture relies on: clock, hosts, database, disk, limits, symbols',
    DOCTOR_EXAMPLES,
    async ({ config, unknownVariables }, options) => {
      const { examine } = await import('../../doctor/doctor.ts')
      const findings = await examine(config, unknownVariables)
      const lines = findings.map(({ code, ok, detail, fix }) =>
        plainText(`${ok ? 'ok  ' : 'FAIL'} ${code}: ${detail}${ok ? '' : `; ${fix}`}`),
      )
      print(options, findings, lines)
      return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.problem
    },
  ).option(...JSON_OPTION)
}

const RUN_EXAMPLES = `  event-saver run --symbols BTCUSDT,SOLUSDT
  EVENTSAVER_DATABASE_URL=postgres://grid@127.0.0.1/grid event-saver run --exit-on-db-error`
const STATUS_EXAMPLES = `  event-saver status
  event-saver status --json --http-address 127.0.0.1:9464`
const CONFIG_EXAMPLES = `  event-saver config > saver.env
  event-saver config --json > saver.json
  event-saver run --config saver.json`
const DOCTOR_EXAMPLES = `  event-saver doctor
  event-saver doctor --json --symbols BTCUSDT,ETHUSDT`
