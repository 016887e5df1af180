import { packageTests } from '@grid/config/vitest'

export default packageTests({ globalSetup: '@grid/testing/global-setup' })
