import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chaos } from './soaks/chaos.ts'
import { kills } from './soaks/kills.ts'
import { manyAccounts } from './soaks/many-accounts.ts'
import { outage } from './soaks/outage.ts'
import { OUTAGES } from './soaks/outages/kinds.ts'
import { stopWaiting } from './soaks/stop-waiting.ts'
import { twoSavers } from './soaks/two-savers.ts'

const REPORT = fileURLToPath(new URL('../../../docs/soak.md', import.meta.url))

const ABOUT = `Written by \`npx -y pnpm@12 soak\`; the newest run of each only. \`--only NAME\` takes one, or with \`--only outage\` all
outages; \`--seed N\` draws the same faults at the same moments again, as far as the machine is as fast. Sizes: \`--kills\`,
\`--events\` (a second), \`--outage-seconds\`, \`--chaos-seconds\`; \`--first-round N\` begins chaos with a later round of its seed. Savers are the deployed build, and everything runs on one
machine: where sockets are read late because the machine is loaded, a kill loses what was not read.`

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    seconds: { type: 'string', default: '600' },
    'account-seconds': { type: 'string', default: '120' },
    only: { type: 'string' },
    'outage-seconds': { type: 'string', default: '600' },
    'first-round': { type: 'string', default: '1' },
    'chaos-seconds': { type: 'string', default: '480' },
    kills: { type: 'string', default: '100' },
    events: { type: 'string', default: '5000' },
    rate: { type: 'string', default: '4000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    'no-report': { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const seed = Number(values.seed)
  const eventsPerSecond = Number(values.events)
  const ofKills = { kills: Number(values.kills), eventsPerSecond, seed }
  const soaks: Readonly<Record<string, () => Promise<{ lines: string[]; failed: boolean }>>> = {
    kills: () => kills({ ...ofKills, cutsPower: false }),
    'power-cuts': () => kills({ ...ofKills, cutsPower: true }),
    ...Object.fromEntries(
      OUTAGES.map((kind) => [
        `outage-${kind.name}`,
        () =>
          outage(kind, {
            seconds: Number(values['outage-seconds']),
            kills: 2,
            eventsPerSecond,
            seed,
          }),
      ]),
    ),
    chaos: () =>
      chaos({
        seconds: Number(values['chaos-seconds']),
        firstRound: Number(values['first-round']),
        eventsPerSecond,
        seed,
      }),
    'stop-waiting': () => stopWaiting({ seed }),
    market: () =>
      twoSavers({ seconds: Number(values.seconds), tradesPerSecond: Number(values.rate), seed }),
    accounts: () => manyAccounts({ seconds: Number(values['account-seconds']), seed }),
  }
  for (const [name, soak] of Object.entries(soaks)) {
    // `--only outage` takes all outages.
    if (values.only !== undefined && !`${name}-`.startsWith(`${values.only}-`)) continue
    const facts = describeRun(seed)
    const { lines, failed } = await soak()
    process.stdout.write(`${lines.join('\n')}\n`)
    if (failed) process.exitCode = 1
    if (!values['no-report']) report(name, [facts, ...lines])
  }
}

function describeRun(seed: number): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const priority = getPriority() === 0 ? '' : `, at priority ${getPriority()}`
  return `commit ${commit}, seed ${seed}, ${new Date().toISOString().slice(0, 16)}Z${priority}`
}

/** Replaces a soak's last run in the report by the newest one. */
function report(name: string, lines: readonly string[]): void {
  const [, ...sections] = readFileSync(REPORT, 'utf8').split(/^## /m)
  const others = sections.filter((section) => !section.startsWith(`${name}\n`))
  const own = `${name}\n\n\`\`\`\n${lines.join('\n')}\n\`\`\`\n`
  const title = `# Soak\n\n${ABOUT}\n\n`
  const all = [...others.map((section) => `${section.trimEnd()}\n`), own].sort()
  writeFileSync(REPORT, title + all.map((section) => `## ${section}`).join('\n'))
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
})
