import { guardedClient } from '@grid/db'
import type { Client, ClientConfig } from 'pg'

/**
 * Makes a client for a connection outside of the pools. A server may send at any time what `pg` cannot
 * read, and that does not end the process. `pg` is loaded with the first client, as capture begins without it.
 */
export async function postgresClient(config: ClientConfig): Promise<Client> {
  const { Client } = await import('pg')
  return new (guardedClient(Client))(config)
}
