/**
 * Every error a person or a program can meet, in one closed catalogue.
 *
 * Three outcomes are never mixed: a *decision* (approved, denied, failed) is returned by the policy
 * stage; a *fault* is thrown as `CustodyError`; a *bug* is an assertion. `docs/errors.md` is generated
 * from this file.
 */

/** Exit status of the CLI: 1 fault, 2 bad input or usage, 3 refused (policy, quorum, verification, gate). */
export type ExitStatus = 1 | 2 | 3

export interface CatalogueEntry {
  readonly exit: ExitStatus
  /** Why it happens, one sentence. */
  readonly why: string
  /** What the person who meets it does next, one sentence. */
  readonly fix: string
}

const entry = (exit: ExitStatus, why: string, fix: string): CatalogueEntry => ({ exit, why, fix })

export const catalogue = {
  // Input and usage
  USAGE: entry(
    2,
    'The command line is not of the form the command takes.',
    'Run the command with --help and copy its example.',
  ),
  INPUT_REQUIRED: entry(2, 'A value is needed and there is no terminal to ask at.', 'Give the named flag.'),
  ADDRESS_INVALID: entry(
    2,
    'The text is not a 20-byte address.',
    'Give 0x and 40 hexadecimal digits, or a name from the address book.',
  ),
  ADDRESS_CHECKSUM: entry(
    2,
    'The mixed-case address fails its EIP-55 checksum, so at least one character is wrong.',
    'Copy the address again from its source; do not retype it.',
  ),
  ADDRESS_CHAIN_MISMATCH: entry(
    2,
    'The EIP-3770 prefix names another chain than the one in use.',
    'Use the address on the right chain, or the right prefix.',
  ),
  ADDRESS_UNKNOWN: entry(
    2,
    'The name is not in the address book of the active policy.',
    'Add it to the policy, or give the full address.',
  ),
  AMOUNT_INVALID: entry(
    2,
    'The amount is not a plain positive decimal number.',
    'Write digits with at most one point, for example 12500.00.',
  ),
  AMOUNT_TOO_PRECISE: entry(
    2,
    'The amount has more decimals than the asset; Coffer never rounds.',
    'Drop the extra decimals.',
  ),
  HEX_INVALID: entry(
    2,
    'The text is not 0x followed by whole bytes.',
    'Give an even number of hexadecimal digits after 0x.',
  ),
  DURATION_INVALID: entry(2, 'The duration is not a whole number with a unit.', 'Write for example 30m, 12h or 7d.'),
  JSON_INVALID: entry(
    2,
    'The text is not JSON, or holds the same key twice.',
    'Fix the file at the place that is named.',
  ),
  CSV_INVALID: entry(
    2,
    'The payout file has a row that cannot be read.',
    'Fix the row that is named; nothing of the file was used.',
  ),
  ABI_INVALID: entry(
    2,
    'The function signature, ABI or arguments do not fit together.',
    "Give --sig 'name(type,…)' with one argument for each type.",
  ),
  FIELD_UNKNOWN: entry(
    2,
    'The document has a field that Coffer does not know; it is refused rather than dropped.',
    'Remove the field or correct its name.',
  ),
  FIELD_INVALID: entry(2, 'A field of the document has a value of the wrong form.', 'Correct the field that is named.'),
  FILE_UNREADABLE: entry(2, 'The file cannot be read.', 'Check its path and permissions.'),
  FILE_EXISTS: entry(2, 'The file exists already; Coffer does not overwrite it.', 'Choose another path.'),
  FILE_PERMISSIONS: entry(2, 'A file with a secret can be read by others.', 'Run chmod 600 on the file.'),
  NAME_INVALID: entry(
    2,
    'The name has characters that are not allowed.',
    'Use lower-case letters, digits, dots and dashes, at most 64.',
  ),
  NAME_TAKEN: entry(2, 'The name is in use already.', 'Choose another name.'),
  NOT_FOUND: entry(2, 'There is nothing of that name or id.', 'Run the matching list command to see what exists.'),
  EXPIRY_INVALID: entry(
    2,
    'The expiry is in the past or too far away.',
    'Give a duration between 1 minute and 90 days.',
  ),
  ASSET_UNKNOWN: entry(
    2,
    'The asset is not in the list of the active policy; on-chain symbols are never trusted.',
    'Add the asset with its address and decimals to the policy.',
  ),
  NONCE_INVALID: entry(
    2,
    'The Safe nonce is used already or is not a whole number.',
    'Leave --nonce out, or give the next free one.',
  ),
  NONCE_NOT_NEXT: entry(
    3,
    'The Safe runs its nonces in order, and this is not the next one.',
    'Execute or reject the requests before it first; see coffer list.',
  ),
  NONCE_TAKEN: entry(
    2,
    'Another open proposal holds this Safe nonce.',
    'Reject that proposal first, or leave --nonce out.',
  ),
  IDEMPOTENCY_CONFLICT: entry(
    2,
    'The idempotency key was used for another request.',
    'Use a new key for a new request.',
  ),

  // Home, store and process
  HOME_MISSING: entry(2, 'There is no Coffer home at this path.', 'Run coffer init, or name another home with --home.'),
  HOME_EXISTS: entry(2, 'The home was initialised already.', 'Use it as it is, or choose another path.'),
  HOME_VERSION: entry(
    1,
    'The home was written by another version of Coffer.',
    'Use the version that is named, or upgrade the home with it.',
  ),
  HOME_TAMPERED: entry(
    3,
    'The pinned root of trust does not match what the log recorded first.',
    'Stop using this home; compare it with a backup and with checkpoints held elsewhere.',
  ),
  STORE_LOCKED: entry(1, 'Another process holds the database.', 'Wait for it to end, then run the same command again.'),
  STORE_FULL: entry(1, 'The disk is full; nothing was changed.', 'Free some space, then run the same command again.'),
  STORE_FAULT: entry(
    1,
    'The database did not answer as it should; nothing was changed.',
    'Check the disk and the database file, then run the same command again.',
  ),
  STORE_CORRUPT: entry(1, 'The database cannot be read.', 'Restore it from a backup and run coffer log verify.'),
  CLOCK_JUMPED: entry(
    1,
    'The clock of this machine is behind the last log entry or far from the chain.',
    'Correct the clock, then run the same command again.',
  ),
  SIGNER_UNAVAILABLE: entry(
    1,
    'The signer process did not start or ended early.',
    'Run the same command again; it resumes where it stopped.',
  ),
  MESSAGE_INVALID: entry(
    2,
    'A message between Coffer processes does not fit its schema.',
    'Use the same version of Coffer on both sides.',
  ),
  DEMO_ONLY: entry(
    3,
    'This home was made by the demo and works with chain id 31337 only.',
    'Create a home of your own with coffer init.',
  ),
  DEPENDENCY_MISSING: entry(1, 'An optional part that this needs is not installed.', 'Install the part that is named.'),
  INTERNAL: entry(
    1,
    'Something happened that Coffer did not expect; nothing more was done.',
    'Run the same command again; if it stays, report it with the code and the command.',
  ),

  // Chain
  CHAIN_UNREACHABLE: entry(
    1,
    'No answer came from the RPC URL in time.',
    'Check the URL and the node, then run the same command again.',
  ),
  CHAIN_ID_MISMATCH: entry(
    3,
    'The node serves another chain than the one recorded.',
    'Point the chain at the right node.',
  ),
  CHAIN_UNSUPPORTED: entry(
    2,
    'Safe works differently on this chain, so Coffer does not support it.',
    'Use another chain.',
  ),
  CHAIN_ANSWER_INVALID: entry(
    1,
    'The node gave an answer that cannot be true or cannot be read.',
    'Use another node, or add a second RPC URL to compare.',
  ),
  CHAIN_DISAGREEMENT: entry(
    3,
    'Two RPC URLs of the chain give different answers to the same question.',
    'Find out which node is wrong before going on.',
  ),
  CHAIN_URL_INVALID: entry(2, 'The RPC URL is not an http or https URL.', 'Give a URL such as http://127.0.0.1:8545.'),
  SAFE_NOT_FOUND: entry(2, 'There is no Safe at this address.', 'Check address and chain.'),
  SAFE_UNGENUINE: entry(
    3,
    'The account answers like a Safe but its code or singleton is not a published one.',
    'Do not use it before somebody has reviewed its code.',
  ),
  SAFE_VERSION: entry(
    2,
    'The Safe is of a version that Coffer does not support.',
    'Use a Safe of a published version from 1.0.0 to 1.5.0.',
  ),
  SAFE_CHANGED: entry(
    3,
    'Owners, threshold, modules, guard or handler differ from what was adopted.',
    'Find out who changed them; adopt the Safe again if the change was meant.',
  ),
  SAFE_DEPLOY_MISMATCH: entry(
    1,
    'A deployed contract has another address or code than the published one.',
    'Do not use this chain for money; report it.',
  ),

  // Review
  HASH_MISMATCH: entry(
    3,
    'Independent computations of the safeTxHash differ.',
    'Sign nothing; find out which side is wrong.',
  ),
  SIMULATION_FAILED: entry(
    3,
    'The transaction would fail on chain as it stands now.',
    'Correct the request; see the reason that is shown.',
  ),
  OPAQUE_MESSAGE: entry(
    3,
    'The message is 32 opaque bytes or a Safe type; nobody can see what it would do.',
    'Propose the real message or transaction instead.',
  ),

  // Policy
  POLICY_MISSING: entry(
    3,
    'No policy is active, so nothing is allowed.',
    'Write a policy and run coffer policy activate.',
  ),
  POLICY_INVALID: entry(
    2,
    'The policy document does not fit its schema.',
    'Correct the field that is named and run coffer policy check.',
  ),
  POLICY_UNSIGNED: entry(
    3,
    'The policy lacks signatures of the pinned admins, or was altered after signing.',
    'Activate the policy again with the admins’ signatures.',
  ),
  POLICY_VERSION: entry(2, 'The version is not the next one.', 'Set version to the active version plus one.'),
  POLICY_DENIED: entry(
    3,
    'No rule allows this, or a rule denies it.',
    'Change the request, or the policy through its admins.',
  ),
  POLICY_FAILED: entry(
    3,
    'The policy could not be judged, so it counts as denied.',
    'Correct the cause that is named.',
  ),
  POLICY_CHANGED: entry(
    3,
    'The policy changed since the proposal and no longer allows it.',
    'Propose again under the active policy.',
  ),
  DELEGATECALL_DENIED: entry(
    3,
    'A delegatecall to a contract that is not a pinned batch library could rewrite the Safe itself.',
    'Use a plain call or a batch; never sign this elsewhere either.',
  ),
  LIMIT_PER_TRANSACTION: entry(
    3,
    'The amount is above the limit of the rule for one transaction.',
    'Pay less, or have the policy admins change the rule.',
  ),
  LIMIT_WINDOW: entry(
    3,
    'The amount would go over the limit of the rule for 24 hours, reservations included.',
    'Wait until the window has room.',
  ),
  FROZEN: entry(
    3,
    'A person froze Coffer; only rejections go through.',
    'See coffer show for who and why; thawing needs the policy admins and a delay.',
  ),
  THAW_WAITS: entry(
    3,
    'The thaw is signed but its delay has not passed.',
    'Run the same command again after the time that is shown.',
  ),
  NOT_FROZEN: entry(2, 'Nothing is frozen.', 'There is nothing to thaw.'),

  // Quorum
  REQUEST_ALTERED: entry(
    3,
    'The stored proposal differs from what was logged and approved.',
    'Somebody edited the database; find out who, and propose again.',
  ),
  REQUEST_EXPIRED: entry(
    3,
    'The proposal has expired.',
    'Propose again; if it was signed, reject it to burn its nonce.',
  ),
  REQUEST_CLOSED: entry(
    3,
    'The proposal was executed, rejected or superseded already.',
    'Run coffer show to see its outcome.',
  ),
  APPROVAL_MISSING: entry(
    3,
    'More approvals or owner signatures are needed.',
    'Have the people who are named approve it.',
  ),
  APPROVAL_DUPLICATE: entry(3, 'This owner has signed already; each counts once.', 'Have another owner approve it.'),
  APPROVAL_DIGEST: entry(
    3,
    'The digest given is not the digest of this proposal.',
    'Read the review again; approve only the digest that it shows.',
  ),
  SIGNATURE_WAITS: entry(
    3,
    'The approval is recorded; the signature that would complete the threshold waits.',
    'Approve again when what is owed is met.',
  ),
  SIGNATURE_INVALID: entry(
    2,
    'The signature is malformed, has a high s, or a wrong v.',
    'Sign the exported typed data again.',
  ),
  SIGNER_NOT_OWNER: entry(
    3,
    'The signature recovers to an address that is no owner of the Safe; an alarm is in the log.',
    'Find out what that person really signed.',
  ),
  KEY_NOT_OWNER: entry(3, 'The key is no owner of the Safe.', 'Use a key of an owner; see coffer treasury show.'),

  // Build and fees
  GAS_CEILING: entry(
    3,
    'The gas needed is above the gas ceiling; a lower limit would only fail.',
    'Split the batch, or have the policy admins raise gasCeiling.',
  ),
  FEE_CAP: entry(
    3,
    'The fees of the chain are above the cap.',
    'Wait until fees fall, or have the policy admins raise the cap.',
  ),
  COST_CAP: entry(
    3,
    'The worst-case cost is above the cap for one transaction.',
    'Wait until fees fall, or have the policy admins raise maxCostPerTransaction.',
  ),
  COST_CAP_DAY: entry(
    3,
    'The worst-case cost would go over the daily budget of the payer.',
    'Wait, or have the policy admins raise maxCostPerDay.',
  ),
  PAYER_FUNDS: entry(1, 'The payer cannot pay the worst-case fee.', 'Send some of the native coin to the payer.'),
  TREASURY_FUNDS: entry(3, 'The treasury holds less than the request pays.', 'Fund the treasury or pay less.'),
  PAYER_MISSING: entry(
    2,
    'The treasury has no payer key.',
    'Name one with --payer when creating or adopting the treasury.',
  ),

  // Keys and signing
  KEY_STORE_UNKNOWN: entry(2, 'The key store is not one Coffer knows.', 'Use keystore or pkcs11.'),
  KEY_FILE_INVALID: entry(
    2,
    'The key file is not a Web3 Secret Storage v3 file that can be read.',
    'Export the key again as version 3.',
  ),
  PASSPHRASE_WRONG: entry(2, 'The passphrase does not open the key.', 'Try again; the key file is unchanged.'),
  PASSPHRASE_WEAK: entry(
    2,
    'The passphrase is too short or well known.',
    'Use at least 15 characters that are not a known phrase.',
  ),
  TOKEN_MODULE: entry(
    1,
    'The PKCS#11 module cannot be loaded.',
    'Check the path after --module; for SoftHSM install the softhsm2 package.',
  ),
  TOKEN_NOT_FOUND: entry(
    1,
    'No token of that label is present.',
    'Insert or initialise the token, and check its label.',
  ),
  TOKEN_PIN: entry(
    2,
    'The token refused the PIN; Coffer does not try again, because tokens lock.',
    'Check the PIN and run the command again.',
  ),
  TOKEN_FAULT: entry(
    1,
    'The token answered with an error.',
    'See the CKR code in the message and the documentation of the token.',
  ),
  TOKEN_KEY: entry(
    1,
    'The token does not hold exactly one key pair of that id.',
    'Check the token; it may be another one with the same label.',
  ),
  TOKEN_ATTRIBUTES: entry(
    1,
    'The token made a key that is not bound to it as asked; the key was destroyed.',
    'Use a token that makes keys which cannot be extracted.',
  ),
  TOKEN_SIGNATURE: entry(
    1,
    'The token returned a signature that does not verify; it was thrown away.',
    'Stop using the token and have it checked.',
  ),
  SIGNATURE_MISMATCH: entry(
    1,
    'A signature made here does not recover to its key; it was thrown away.',
    'Do not use this key before it has been checked.',
  ),
  KEY_MISMATCH: entry(
    3,
    'The key that was opened is not the key of the account that should sign.',
    'Name the key of that account; see coffer key list.',
  ),

  // Broadcast
  EXECUTION_FAILED: entry(
    3,
    'The Safe ran the transaction and the inner call failed; the nonce is used.',
    'See the reason; propose again if it is still wanted.',
  ),
  EXECUTION_PENDING: entry(
    1,
    'The transaction is sent and not mined yet.',
    'Run the same command again; it goes on waiting and replaces within the caps.',
  ),
  EXECUTION_REVERTED: entry(
    3,
    'The outer transaction reverted; the Safe is unchanged.',
    'See the reason; run the same command again when it is mended.',
  ),
  EXECUTION_OUTSIDE: entry(
    3,
    'The nonce of the Safe was used by a transaction that Coffer did not send.',
    'See coffer show; find out who sent it.',
  ),
  BROADCAST_REFUSED: entry(1, 'The node refused the transaction.', 'See the reason; run the same command again.'),
  RECEIPT_INVALID: entry(
    3,
    'The receipt does not prove the execution of this transaction.',
    'Use another node; do not pay again before the nonce is known to be unused.',
  ),

  // Log
  LOG_INCONSISTENT: entry(
    3,
    'The log does not match a checkpoint; it was changed, cut or replaced.',
    'Stop; compare with a backup and with checkpoints held elsewhere.',
  ),
  LOG_ENTRY_INVALID: entry(
    3,
    'A log entry was changed, removed, inserted or reordered.',
    'Stop; the first wrong entry is named.',
  ),
  CHECKPOINT_INVALID: entry(
    2,
    'The checkpoint is not a signed note of this log.',
    'Give a checkpoint file of this log.',
  ),
  PROOF_INVALID: entry(
    3,
    'The proof does not show that the entry is in the log.',
    'Do not rely on it; ask for a new proof of the same entry.',
  ),
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue

export interface CustodyErrorOptions {
  /** What to do next, when more exact than the catalogue's own words. */
  readonly next?: string
  /** Structured facts, JSON-safe, never a secret. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** The one error class. `message` says what was expected and what came; it never holds a secret. */
export class CustodyError extends Error {
  readonly code: ErrorCode
  readonly next: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: CustodyErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'CustodyError'
    this.code = code
    this.next = options.next ?? catalogue[code].fix
    this.details = options.details ?? {}
  }

  get exit(): ExitStatus {
    return catalogue[this.code].exit
  }

  toJSON(): { code: ErrorCode; message: string; next: string; details?: Readonly<Record<string, unknown>> } {
    return {
      code: this.code,
      message: this.message,
      next: this.next,
      ...(Object.keys(this.details).length > 0 && { details: this.details }),
    }
  }
}

/** A bound on text that came from outside, before it enters a message. */
export function excerpt(text: string, length = 60): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
  return clean.length <= length ? clean : `${clean.slice(0, length)}…`
}
