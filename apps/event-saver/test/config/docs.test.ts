import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { SETTINGS, type Setting } from '../../src/config/settings.ts'

/** Settings whose default is not a fixed text. */
const DEFAULTS: Readonly<Record<string, string>> = {
  environment: '`mainnet`',
  databaseUrl: '`pglite:<DATA_DIR>/grid`',
  wsUrl: 'by environment',
  restUrl: 'by environment',
  collector: 'the host’s name',
}

it('docs/settings.md lists every setting with its default', async () => {
  const rows = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => {
    const { variable, fallback, help, example, secret, hidden } = setting
    const text = DEFAULTS[name] ?? (!fallback ? 'none' : `\`${fallback}\``)
    const file = secret ? `; \`${variable}_FILE\` names a file that holds it` : ''
    const flag = hidden ? '; not a flag' : ''
    return `| \`${variable}\` | \`${name}\` | ${text} | ${help}${file}${flag} | \`${example}\` |`
  })
  const document = `# Settings

Written from \`apps/event-saver/src/config/settings.ts\` by a test. \`npx -y pnpm@12 event-saver config\` prints
what a configuration comes to, and where each value came from.

Flags go before environment variables, those before \`--config file.json\`, and that before the defaults. Each variable
\`EVENTSAVER_X_Y\` is also the flag \`--x-y\`. Durations are seconds (\`0.5\`) or carry a unit (\`500ms\`, \`2m\`, \`90d\`).
Every fault is reported at once, with the variable's name and the fix, and exit code 78.

A file of settings is a JSON object with the keys of the second column. Each value is a text, a number, true, false or a
list, and is read as the text of the variable would be:

\`\`\`json
{ "symbols": ["BTCUSDT", "ETHUSDT"], "category": "linear", "flushInterval": "500ms", "batchSize": 500 }
\`\`\`

\`config\` prints what can be given back: as lines for a shell, and with \`--json\` as such a file. It leaves out secrets,
which must be set anew. Blanks and line breaks around a value count for nothing. Quotes around it are refused: a shell takes
them away, and Docker does not, in the file of its \`--env-file\`.

| variable | key in a file | default | meaning | example |
|---|---|---|---|---|
${rows.join('\n')}
`
  await expect(document).toMatchFileSnapshot('../../../../docs/settings.md')
})

const EXIT_CODES = `| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed, or stopped before everything could be stored |
| 2 | the command line is wrong |
| 3 | a problem was found (\`status\`, \`doctor\`, \`account test\`), there was nothing to \`export\` or \`replay\`, \`dead-letters retry\` left letters, or \`replay\` could not store or read all |
| 75 | try again: the data directory or the collector's name is in use (the message names the process), the database is away (\`run\`: with \`--exit-on-db-error\`), an open transaction blocks \`partitions\`, or \`replay --replace\` changed nothing because somebody else changed its rows |
| 78 | the configuration is wrong, or the database goes on refusing rows for a reason that waiting does not mend; every fault is named with its fix |`

it('docs/commands.md lists every command with its options and examples', async () => {
  const silent = { argv: [], env: {}, cwd: '/', out: () => {}, err: () => {} }
  const program = buildProgram({ ...silent, stdin: Readable.from([]) }, () => {})
  const document = `# Commands

Written from the command line's own help by a test. \`event-saver <command> --help\` prints it, with all settings as flags.
From the repository: \`npx -y pnpm@12 event-saver <command>\`.

Data goes to stdout, messages to stderr. Commands that print data take \`--json\`.

${EXIT_CODES}

${leaves(program).map(sectionOf).join('\n\n')}
`
  await expect(document).toMatchFileSnapshot('../../../../docs/commands.md')
})

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

const SETTING_FLAGS = new Set([
  '--config',
  ...Object.values<Setting<unknown>>(SETTINGS).map(({ flag }) => `--${flag}`),
])

function sectionOf(command: Command): string {
  const path: string[] = []
  for (let at: Command | null = command; at !== null && at.parent !== null; at = at.parent) {
    path.unshift(at.name())
  }
  const args = command.registeredArguments.map((argument) =>
    argument.required ? ` <${argument.name()}>` : ` [${argument.name()}]`,
  )
  const own = command.options.filter(
    ({ hidden, long }) => !hidden && !SETTING_FLAGS.has(long ?? ''),
  )
  const options = own.map(({ flags, description }) => `- \`${flags}\`: ${description}`)
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  const examples = help.slice(help.indexOf('Examples:') + 'Examples:'.length).trim()
  return [
    `## ${path.join(' ')}${args.join('')}`,
    `${command.description()}.`,
    ...(options.length === 0 ? [] : [options.join('\n')]),
    `\`\`\`\n${examples.replace(/^ +/gm, '')}\n\`\`\``,
  ].join('\n\n')
}
