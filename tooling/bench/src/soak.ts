import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { manyAccounts } from './accounts.ts'
import { twoSavers } from './two-savers.ts'

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
  const lines: string[] = []
  for (const [name, soak] of Object.entries(soaks)) {
    if (values.only !== undefined && values.only !== name) continue
    const outcome = await soak()
    process.stdout.write(`${outcome.lines.join('\n')}\n`)
    lines.push(...outcome.lines)
    if (outcome.failed) process.exitCode = 1
  }
  // The report is of all soaks at one commit.
  if (values['no-report'] || values.only !== undefined) return
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const title = '# Soak\n\nWritten by `npx -y pnpm@12 soak`; the newest run only.\n'
  const facts = `commit ${commit}, seed ${seed}, ${new Date().toISOString().slice(0, 10)}`
  writeFileSync(REPORT, `${title}\n\`\`\`\n${facts}\n${lines.join('\n')}\n\`\`\`\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
})
