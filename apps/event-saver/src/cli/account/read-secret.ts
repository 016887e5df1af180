import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Secret } from '@grid/core-events'
import { exposedFile } from '../../config/exposures.ts'
import { CommandError, EXIT } from '../../exit-code.ts'

/** Where a secret may come from. Not from the command line, which every user of the host can read. */
export interface SecretSource {
  /** A file, from `--secret-file`; `-` for the standard input. */
  readonly file: string | undefined
  readonly cwd: string
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  /** Prompts on a terminal. */
  readonly ask: (text: string) => void
}

/**
 * Reads a secret from a file, from the standard input, or from a terminal without echo.
 *
 * Throws a `CommandError` with exit code 2 when the file cannot be read or the secret is empty.
 */
export async function readSecret(source: SecretSource): Promise<Secret> {
  const content = (await contentOf(source)).trim()
  if (content !== '') return new Secret(content)
  throw usage(
    'SECRET_MISSING',
    'the secret is empty: type it, or give it in a file or by the standard input',
  )
}

async function contentOf({ file, cwd, stdin, ask }: SecretSource): Promise<string> {
  if (file !== undefined && file !== '-') {
    const exposure = exposedFile(resolve(cwd, file))
    if (exposure !== null) ask(`event-saver: warning ${exposure.code}: ${exposure.message}\n`)
    return fileContent(file, cwd)
  }
  if (file === '-' || stdin.isTTY !== true) return text(stdin)
  const typed = await typedText(stdin, () => ask('API secret (not shown): '))
  ask('\n')
  return typed
}

function fileContent(file: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    throw usage(
      'SECRET_UNREADABLE',
      // Not its name: the secret itself may stand there.
      `--secret-file: cannot read the file that it names (${reason}): name a readable file`,
    )
  }
}

/** Reads a line, or all lines of a key in PEM: the shell would show and keep unread lines of a paste. */
function typedText(input: NodeJS.ReadableStream, prompt: () => void): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input, output: nowhere, terminal: true })
  // The terminal no longer echoes.
  prompt()
  const lines: string[] = []
  return new Promise<string>((fulfil, reject) => {
    terminal.on('line', (line) => {
      lines.push(line)
      const isWithinPem = lines[0]?.startsWith('-----BEGIN ') && !line.startsWith('-----END ')
      if (!isWithinPem) fulfil(lines.join('\n'))
    })
    terminal.once('close', () => reject(usage('SECRET_MISSING', 'no secret was typed')))
  }).finally(() => terminal.close())
}

function usage(code: string, message: string): CommandError {
  return new CommandError(EXIT.usage, code, message)
}
