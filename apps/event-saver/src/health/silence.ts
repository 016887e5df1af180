import type { UnansweredConnection } from '@grid/bybit-adapter'
import { durationText } from '@grid/core-events'
import type { AccountService } from '../accounts/account-service.ts'
import type { MarketService } from '../market/market-service.ts'

/** After so long without any frame a connection is asked for a sign of life. */
const ASK_AFTER_MS = 4000
/** What takes longer to answer counts as silent: an answer takes some 100 ms, on a busy machine longer. */
const ANSWER_MS = 3000
/** How many are named. */
const MOST_NAMED = 5

/** What knows of silence. */
export interface SilenceSources {
  readonly markets: Pick<MarketService, 'askSilent' | 'silentTopics'>
  readonly accounts: Pick<AccountService, 'askSilent'>
}

/**
 * Says what brings nothing though it should, null when nothing is known to: connections that were asked and do not
 * answer, and topics that are silent while others of their symbol speak.
 */
export function silence({ markets, accounts }: SilenceSources): string | null {
  const asked = [
    ...markets.askSilent(ASK_AFTER_MS).map((link) => ({ ...link, whose: link.category })),
    ...accounts.askSilent(ASK_AFTER_MS).map((link) => ({ ...link, whose: link.accountName })),
  ]
  const silent = asked.filter(({ unansweredForMs }) => unansweredForMs >= ANSWER_MS).map(textOf)
  const topics = markets.silentTopics().map((topic) => `${topic} is silent while others speak`)
  const all = [...silent, ...topics]
  if (all.length === 0) return null
  const more = all.length > MOST_NAMED ? `, and ${all.length - MOST_NAMED} more` : ''
  return `${all.slice(0, MOST_NAMED).join(', ')}${more}`
}

function textOf(asked: UnansweredConnection & { readonly whose: string }): string {
  const { connection, silentForMs, whose } = asked
  return `connection ${connection} of ${whose} has brought nothing for ${durationText(silentForMs)}`
}
