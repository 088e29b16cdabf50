import { createDefenderPart } from './defender/defender-part.ts';
import type { CreateIotPart } from './iot-part.ts';

/** In order of start. */
export const IOT_PARTS: readonly CreateIotPart[] = [createDefenderPart];
