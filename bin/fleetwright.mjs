#!/usr/bin/env node
// Runs the TypeScript entry without a build step: the sources are the product.
import { register } from 'tsx/esm/api';

// The platform's own minimum is Node 20; the SDK's notice about coming versions is for those who raise it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

register();
await import('./fleetwright.ts');
