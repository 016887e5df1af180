import { existsSync } from 'node:fs'
import { OwnPostgres, startRelay } from '@grid/testing'
import pg from 'pg'
import { expect, it } from 'vitest'

const LONG = { timeout: 300_000 }

async function ask(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

it('keeps its rows when it is killed, and leaves no files', LONG, async () => {
  let home: string
  {
    await using server = await OwnPostgres.create()
    home = server.home
    await server.query('create table kept as select 1 n')
    await server.stop('kill')
    await expect(server.query('select 1')).rejects.toThrow()
    await server.start()
    expect(await server.query('select n from kept')).toEqual([{ n: 1 }])
  }
  expect(existsSync(home)).toBe(false)
})

it('has a standby that lacks what its link did not pass on', LONG, async () => {
  await using server = await OwnPostgres.create()
  const link = await startRelay(server.url)
  const clients = await startRelay(server.url)
  try {
    await server.query('create table followed (n int)')
    const { port } = new URL(link.url)
    await using standby = await server.startStandby({ host: '127.0.0.1', port: Number(port) })
    await server.query('insert into followed values (1)')
    await expect.poll(() => standby.query('select n from followed'), LONG).toEqual([{ n: 1 }])
    link.swallow()
    await server.query('insert into followed values (2)')
    await server.stop('kill')
    clients.leadTo(standby.url)
    await expect(ask(clients.url, 'insert into followed values (3)')).rejects.toMatchObject({
      code: '25006',
    })
    await standby.promote()
    expect(await ask(clients.url, 'insert into followed values (4) returning n')).toEqual([
      { n: 4 },
    ])
    expect(await standby.query('select n from followed order by n')).toEqual([{ n: 1 }, { n: 4 }])
  } finally {
    await link.close()
    await clients.close()
  }
})
