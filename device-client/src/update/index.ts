export { type LaunchedFrom, launchedFrom, REBOOT_EXIT_CODE } from './launcher/slot-environment.ts';
export { createFirstSlot, DirectorySlots, type DirectorySlotsOptions } from './slots/directory-slots.ts';
export { RaucSlots, type RaucSlotsOptions } from './slots/rauc-slots.ts';
export type { SlotSystem } from './slots/slot-system.ts';
export { SwupdateSlots, type SwupdateSlotsOptions } from './slots/swupdate-slots.ts';
export { createUpdateFeature, type UpdateEvents, UpdateFeature, type UpdateOptions } from './update-feature.ts';
export { DeviceWatchdog, type DeviceWatchdogOptions } from './watchdog/device-watchdog.ts';
