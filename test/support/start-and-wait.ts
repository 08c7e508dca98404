// Starts a server, tells where it is and waits to be killed: the other half of a test about leaving nothing
// behind.
import { type ServerKind, startServer } from './servers.js';

const server = await startServer(process.argv[2] as ServerKind);
console.log(JSON.stringify({ pid: server.pid(), directory: server.directory }));
setInterval(() => undefined, 1000);
