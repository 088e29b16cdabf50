import { createDefenderPart } from './defender/defender-part.ts';
import { createEventConfigurationsPart } from './event-configurations/event-configurations-part.ts';
import { createIndexingPart } from './indexing/indexing-part.ts';
import type { CreateIotPart } from './iot-part.ts';
import { createJobsPart } from './jobs/jobs-part.ts';
import { createRegistryEventsPart } from './registry-events-publisher/registry-events-part.ts';
import { createStreamsPart } from './streams/streams-part.ts';

/** In order of start. */
export const IOT_PARTS: readonly CreateIotPart[] = [
  createEventConfigurationsPart,
  createRegistryEventsPart,
  createJobsPart,
  createStreamsPart,
  createIndexingPart,
  createDefenderPart,
];
