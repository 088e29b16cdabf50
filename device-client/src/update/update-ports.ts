/** Restarts whatever chooses the slot: the machine, or the program below a launcher. */
export interface Reboot {
  /** Begins it; what runs ends soon afterwards. Asked for again when nothing came of it. */
  reboot(why: string): void | Promise<void>;
}

/** Something outside of this process that resets the device when the process hangs. */
export interface Watchdog {
  /** The device is to be reset when it is not disarmed within `milliseconds`. */
  arm(milliseconds: number): Promise<void>;
  disarm(): Promise<void>;
}

export type SelfTestResult = { readonly passed: true } | { readonly passed: false; readonly detail: string };

/** Whether new firmware does its work: asked in the new slot, before it is confirmed. */
export interface SelfTest {
  /** May throw instead of answering that it has not passed. Told by the signal when its time is over. */
  run(signal: AbortSignal): Promise<SelfTestResult>;
}
