/**
 * The numbers of PKCS#11 that Coffer uses. Written out, so that reading them needs no native module.
 * @see PKCS#11 v2.40, header pkcs11t.h
 */
export const CKF_OS_LOCKING_OK = 0x2
export const CKF_RW_SESSION = 0x2
export const CKF_SERIAL_SESSION = 0x4
export const CKF_TOKEN_INITIALIZED = 0x400
export const CKF_USER_PIN_FINAL_TRY = 0x20000
export const CKF_USER_PIN_LOCKED = 0x40000

export const CKU_SO = 0
export const CKU_USER = 1

export const CKS_RO_USER_FUNCTIONS = 1
export const CKS_RW_USER_FUNCTIONS = 3

export const CKO_PUBLIC_KEY = 2
export const CKO_PRIVATE_KEY = 3
export const CKK_EC = 3

export const CKM_EC_KEY_PAIR_GEN = 0x1040
/** ECDSA over a hash that the caller made; no mechanism of PKCS#11 hashes with Keccak-256. */
export const CKM_ECDSA = 0x1041

export const CKA_CLASS = 0x0
export const CKA_TOKEN = 0x1
export const CKA_PRIVATE = 0x2
export const CKA_LABEL = 0x3
export const CKA_VALUE = 0x11
export const CKA_KEY_TYPE = 0x100
export const CKA_ID = 0x102
export const CKA_SENSITIVE = 0x103
export const CKA_SIGN = 0x108
export const CKA_VERIFY = 0x10a
export const CKA_DERIVE = 0x10c
export const CKA_EXTRACTABLE = 0x162
export const CKA_LOCAL = 0x163
export const CKA_NEVER_EXTRACTABLE = 0x164
export const CKA_ALWAYS_SENSITIVE = 0x165
export const CKA_MODIFIABLE = 0x170
export const CKA_COPYABLE = 0x171
export const CKA_EC_PARAMS = 0x180
export const CKA_EC_POINT = 0x181

/** DER of the object identifier 1.3.132.0.10, secp256k1. @see SEC 2 */
export const SECP256K1_PARAMS = Buffer.from('06052b8104000a', 'hex')
