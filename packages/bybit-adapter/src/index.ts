export type { DiscardReason } from './channels/channel-mapper.ts'
export { topicOf } from './channels/registry.ts'
export type { Discard, NormalizeResult } from './normalizer/normalize-result.ts'
export { createNormalizer, type Normalizer, type NormalizerOptions } from './normalizer/normalizer.ts'
