import { z } from 'zod'
import type { Reply } from '../http/reply.ts'
import { readResult } from '../lists/read-result.ts'
import { rowInteger, rowOptionalInteger, rowText } from './row-values.ts'

/** What an API key may do and until when (`/v5/user/query-api`); the key itself is left out. */
export interface ApiKeyInfo {
  readonly id: string
  readonly note: string | null
  /** The exchange's id of the user who owns the key. */
  readonly userId: number
  /** The main account's id, for a sub-account; `0` or null for a main account. */
  readonly parentUid: string | null
  readonly isMaster: boolean | null
  /** Whether it can neither trade nor withdraw, whatever its permissions say. */
  readonly isReadOnly: boolean
  /** What it may do, by group, e.g. `{ ContractTrade: ['Order', 'Position'] }`; an empty group grants nothing. */
  readonly permissions: Readonly<Record<string, readonly string[]>>
  /** The addresses that may use it; `*` for any. */
  readonly ips: readonly string[]
  /** 1: a personal key; 2: a key made by a third-party app. */
  readonly type: number | null
  /** Days until it expires; −2 if it never does, because it is bound to addresses. */
  readonly deadlineDay: number | null
  /** When it expires, as the exchange writes it; a date of 1970 means never. */
  readonly expiredAt: string | null
  readonly createdAt: string | null
  /** Whether the account is a unified one; 1 for yes. */
  readonly uta: number | null
}

const signed = z
  .int()
  .nullish()
  .transform((value) => value ?? null)

const apiKeySchema = z.object({
  id: z.string(),
  note: rowText,
  userID: rowInteger,
  parentUid: rowText,
  isMaster: z
    .boolean()
    .nullish()
    .transform((value) => value ?? null),
  readOnly: rowInteger,
  permissions: z.record(z.string(), z.array(z.string()).nullish()),
  ips: z.array(z.string()).nullish(),
  type: rowOptionalInteger,
  deadlineDay: signed,
  expiredAt: rowText,
  createdAt: rowText,
  uta: rowOptionalInteger,
})

/** Reads the reply of `/v5/user/query-api`. */
export function readApiKeyInfo(reply: Reply): ApiKeyInfo {
  const { userID, readOnly, permissions, ips, ...rest } = readResult(reply, apiKeySchema)
  const groups = Object.entries(permissions).map(([name, granted]) => [name, granted ?? []])
  return {
    ...rest,
    userId: userID,
    isReadOnly: readOnly === 1,
    permissions: Object.fromEntries(groups),
    ips: ips ?? [],
  }
}
