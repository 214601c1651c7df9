/** Users, states of sessions, notifications. */

export const CKU_SO: number = 0
export const CKU_USER: number = 1
export const CKU_CONTEXT_SPECIFIC: number = 2
export const CKS_RO_PUBLIC_SESSION: number = 0
export const CKS_RO_USER_FUNCTIONS: number = 1
export const CKS_RW_PUBLIC_SESSION: number = 2
export const CKS_RW_USER_FUNCTIONS: number = 3
export const CKS_RW_SO_FUNCTIONS: number = 4
export const CKN_SURRENDER: number = 0
export const CKN_OTP_CHANGED: number = 1
