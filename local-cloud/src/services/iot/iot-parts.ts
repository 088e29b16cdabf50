import { createDefenderPart } from './defender/defender-part.ts';
import { createIndexingPart } from './indexing/indexing-part.ts';
import { createEventConfigurationsPart } from './event-configurations/event-configurations-part.ts';
import type { CreateIotPart } from './iot-part.ts';
import { createJobsPart } from './jobs/jobs-part.ts';
import { createStreamsPart } from './streams/streams-part.ts';

/** In order of start. */
export const IOT_PARTS: readonly CreateIotPart[] = [
  createEventConfigurationsPart,
  createJobsPart,
  createStreamsPart,
  createIndexingPart,
  createDefenderPart,
];
