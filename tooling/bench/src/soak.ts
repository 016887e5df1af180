import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { manyAccounts } from './soaks/many-accounts.ts'
import { twoSavers } from './soaks/two-savers.ts'

const REPORT = fileURLToPath(new URL('../../../docs/soak.md', import.meta.url))

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    seconds: { type: 'string', default: '600' },
    'account-seconds': { type: 'string', default: '120' },
    only: { type: 'string' },
    rate: { type: 'string', default: '4000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    'no-report': { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const seed = Number(values.seed)
  const soaks: Readonly<Record<string, () => Promise<{ lines: string[]; failed: boolean }>>> = {
    market: () =>
      twoSavers({ seconds: Number(values.seconds), tradesPerSecond: Number(values.rate), seed }),
    accounts: () => manyAccounts({ seconds: Number(values['account-seconds']), seed }),
  }
  for (const [name, soak] of Object.entries(soaks)) {
    if (values.only !== undefined && values.only !== name) continue
    const { lines, failed } = await soak()
    process.stdout.write(`${lines.join('\n')}\n`)
    if (failed) process.exitCode = 1
    if (!values['no-report']) report(name, [facts(seed), ...lines])
  }
}

function facts(seed: number): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  return `commit ${commit}, seed ${seed}, ${new Date().toISOString().slice(0, 10)}`
}

/** Replaces a soak's last run in the report by the newest one. */
function report(name: string, lines: readonly string[]): void {
  const [, ...sections] = readFileSync(REPORT, 'utf8').split(/^## /m)
  const others = sections.filter((section) => !section.startsWith(`${name}\n`))
  const own = `${name}\n\n\`\`\`\n${lines.join('\n')}\n\`\`\`\n`
  const title = '# Soak\n\nWritten by `npx -y pnpm@12 soak`; the newest run of each only.\n\n'
  const all = [...others.map((section) => `${section.trimEnd()}\n`), own].sort()
  writeFileSync(REPORT, title + all.map((section) => `## ${section}`).join('\n'))
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
})
