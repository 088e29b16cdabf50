#!/usr/bin/env node
// Runs the TypeScript entry without a build step: the sources are the product.
import { register } from 'tsx/esm/api';

register();
await import('./fleetwright.ts');
