#!/usr/bin/env node
// Runs the TypeScript entry without a build step; a packaged agent is one bundle and needs no loader.
import { register } from 'tsx/esm/api';

register();
await import('../src/agent/main.ts');
