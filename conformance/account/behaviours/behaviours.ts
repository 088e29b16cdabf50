import type { Behaviour } from '../behaviour.ts';
import { jobs } from './jobs.ts';
import { messaging } from './messaging.ts';
import { policies } from './policies.ts';
import { provisioning } from './provisioning.ts';
import { registry } from './registry.ts';
import { rules } from './rules.ts';
import { shadows } from './shadows.ts';

export const BEHAVIOURS: readonly Behaviour[] = [
  ...registry,
  ...policies,
  ...messaging,
  ...shadows,
  ...jobs,
  ...provisioning,
  ...rules,
];
