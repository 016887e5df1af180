export type { PublicCategory } from './category-dialect.ts'
export type { DiscardReason } from './channels/channel-mapper.ts'
export { BybitAdapterError, type BybitAdapterErrorCode } from './errors.ts'
export type { Discard, NormalizeResult } from './normalizer/normalize-result.ts'
export {
  createNormalizer,
  type Normalizer,
  type NormalizerOptions,
} from './normalizer/normalizer.ts'
export {
  type AcquireOptions,
  ConnectionBudget,
  type ConnectionBudgetOptions,
} from './ws/connection-budget.ts'
export { type Environment, publicUrl } from './ws/endpoints.ts'
export { BybitPublicStream } from './ws/public-stream.ts'
export type { Frame, NormalizedFrame, PublicStreamEvents } from './ws/stream-events.ts'
export type { PublicStreamOptions } from './ws/stream-options.ts'
export type { StreamStatus } from './ws/stream-status.ts'
export type { StreamTimings } from './ws/stream-timings.ts'
export type { TopicState, TopicStatus, WantedTopic } from './ws/topic-status.ts'
