import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** A command that a document names, without its comment; continued lines are joined. */
export interface DocumentedCommand {
  readonly document: string
  readonly line: string
}

/** Decisions tell the past, and changesets are no documents. */
const LEFT_OUT = /^(\.changeset|docs\/decisions)\//
const BLOCK = /^```(\w*)\n([\s\S]*?)^```$/gm
/** Blocks without a language hold drawings and output too. */
const BEGINS_LIKE_A_COMMAND =
  /^(?:[A-Z_]+=\S+ +)*(?:npx|npm|pnpm|node|event-saver|docker|psql|cd)\s(?!─)/
const IN_A_SENTENCE = /`((?:[A-Z_]+=\S+\s+)*(?:npx|pnpm|node|docker)\s[^`]+)`/g

/** Every command of every README, of CONTRIBUTING.md and of docs/. */
export function documentedCommands(): DocumentedCommand[] {
  const tracked = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  const documents = tracked.split('\n').filter((name) => name !== '' && !LEFT_OUT.test(name))
  return documents.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), 'utf8')
    const blocks = [...text.matchAll(BLOCK)].flatMap(([, language = '', body = '']) =>
      commandsOf(language, body),
    )
    const sentences = [...text.replace(BLOCK, '').matchAll(IN_A_SENTENCE)].map(([, code = '']) =>
      code.replace(/\s+/g, ' '),
    )
    return [...blocks, ...sentences].map((line) => ({ document, line }))
  })
}

function commandsOf(language: string, body: string): string[] {
  if (!['', 'sh', 'bash'].includes(language)) return []
  const lines = body
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
  return lines.filter(
    (line) => line !== '' && (language !== '' || BEGINS_LIKE_A_COMMAND.test(line)),
  )
}
