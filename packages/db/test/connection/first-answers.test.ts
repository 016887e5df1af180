import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { classifyDatabaseError, createDatabase } from '../../src/index.ts'

/** Asks a server that gives one answer and closes; gives how the error is classified, and its code. */
async function answered(says: string, query: string): Promise<readonly unknown[]> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(says, 'latin1'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const db = createDatabase({ url: `postgres://me@127.0.0.1:${port}/db${query}` })
  try {
    await sql`select 1`.execute(db)
    return ['answered']
  } catch (error) {
    return [classifyDatabaseError(error), (error as { code?: unknown }).code]
  } finally {
    await db.destroy()
    server.close()
  }
}

const message = (fields: string): string => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(4 + fields.length)
  return `E${length.toString('latin1')}${fields}`
}

it.each(['', '?sslmode=require'])(
  'an error of PostgreSQL is told from another protocol’s that begins alike%s',
  async (query) => {
    for (const says of [
      'ERROR\nmessage:malformed frame\n\n\0',
      'ERROR :Closing Link\r\n',
      'ERR\n',
    ]) {
      expect(await answered(says, query)).toEqual(['fatal', 'LOGIN_REFUSED'])
    }
    // What the server says that cannot start a process, in its own language.
    const full = message('SFATAL\0C53300\0Msorry, too many clients already\0\0')
    for (const says of ['Ecould not fork new process for connection: no room\n\0', full]) {
      expect((await answered(says, query))[0]).toBe('transient')
    }
  },
)

it('an internal error is one of a pooler whose servers are away, unless it says that it does not know the login', async () => {
  const says = (text: string) => message(`SFATAL\0CXX000\0M${text}\0\0`)
  const away = says('all backend nodes are down, pgpool requires at least one valid node')
  expect(await answered(away, '')).toEqual(['transient', 'XX000'])
  for (const text of [
    'Tenant or user not found',
    '(ENOIDENTIFIER) no tenant identifier provided',
  ]) {
    expect(await answered(says(text), '')).toEqual(['fatal', 'LOGIN_REFUSED'])
  }
})
