import type { Migration } from './migration.ts'

/**
 * Shows in each row which version of associated data its ciphertext is bound by, read from the
 * ciphertext itself, so that the two cannot disagree.
 *
 * Older versions go on reading and writing: they call a newer ciphertext `SECRET_UNREADABLE`, and
 * those that they write are still read here.
 */
export const boundSecrets: Migration = {
  name: '0008-bound-secrets',
  minReader: 6,
  minWriter: 6,
  statements: [
    `alter table api_credentials
      add column associated_data_version smallint generated always as
        (case when octet_length(api_secret) > 0 then get_byte(api_secret, 0) end) stored`,
  ],
}
