import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createTestDatabase, startPostgres } from '@grid/testing'
import pg from 'pg'
import { describe, expect, it, vi } from 'vitest'

describe.skipIf(process.env['TEST_DATABASE_URL'])('a server started from npm', () => {
  it('gives each caller its own database, and leaves nothing behind', async () => {
    const server = await startPostgres()
    const first = await createTestDatabase(server.url)
    const second = await createTestDatabase(server.url)
    const directory = await dataDirectory(first.url)
    expect(new URL(first.url).pathname).not.toBe(new URL(second.url).pathname)
    await first.drop()
    await expect(dataDirectory(first.url)).rejects.toMatchObject({ code: '3D000' })
    await server.stop()
    expect(existsSync(directory)).toBe(false)
  })

  it('ends with the process that started it, even when that is killed', async () => {
    const script = `
      import { startPostgres } from '@grid/testing'
      const server = await startPostgres()
      process.stdout.write(server.url)
      setInterval(() => {}, 1000)`
    const child = spawn(
      process.execPath,
      ['--conditions=@grid/source', '--input-type=module-typescript', '-e', script],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const [chunk] = await once(child.stdout, 'data')
    const directory = await dataDirectory(String(chunk))
    expect(existsSync(directory)).toBe(true)
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false), 15_000)
  })
})

async function dataDirectory(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    return rows[0]?.data_directory ?? ''
  } finally {
    await client.end()
  }
}
