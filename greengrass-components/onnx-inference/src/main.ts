import { isMainThread } from 'node:worker_threads';

// One program, two roles: the component, and the thread that each of its models gets. Neither loads what only the other needs.
if (isMainThread) void import('./run.ts');
else void import('./model-worker.ts').then(({ serveModel }) => serveModel());
