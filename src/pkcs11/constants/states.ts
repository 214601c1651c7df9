/** Users, states of sessions, notifications. */

export const CKU_SO = 0
export const CKU_USER = 1
export const CKU_CONTEXT_SPECIFIC = 2
export const CKS_RO_PUBLIC_SESSION = 0
export const CKS_RO_USER_FUNCTIONS = 1
export const CKS_RW_PUBLIC_SESSION = 2
export const CKS_RW_USER_FUNCTIONS = 3
export const CKS_RW_SO_FUNCTIONS = 4
export const CKN_SURRENDER = 0
export const CKN_OTP_CHANGED = 1
