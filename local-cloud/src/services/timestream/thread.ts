import { serveThread } from '../../core/threads/serve-thread.ts';
import { createTimestreamPlugin } from './plugin.ts';

serveThread(createTimestreamPlugin);
