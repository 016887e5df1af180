export { type ChannelProof, compareWithTruth, type Proof } from './compare.ts'
