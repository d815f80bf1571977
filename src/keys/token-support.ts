import { findSoftHsm } from './softhsm.ts'

/** Whether SoftHSM and the PKCS#11 binding are here. Nothing is loaded into the caller but the binding itself. */
export async function hasTokenSupport(): Promise<{ readonly module: string | null; readonly binding: boolean }> {
  try {
    await import('pkcs11js')
    return { module: findSoftHsm(), binding: true }
  } catch {
    return { module: findSoftHsm(), binding: false }
  }
}
