// Loaded before every test file. The runner of Node.js watches every promise of a process, to know to which test
// it belongs should it fail behind its back: that takes longer than most promises do. Here it sees the tests
// alone. What fails behind the back of a test fails its file, and is told with its stack, but without the name
// of the test.
import hooks from 'node:async_hooks';

const { AsyncResource, createHook } = hooks;
const nothing = { enable: () => nothing, disable: () => nothing };
let note;

hooks.createHook = ({ init }) => {
  note = init;
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error) => console.error(error));
  }
  return nothing;
};
// A test is such a resource.
hooks.AsyncResource = class extends AsyncResource {
  constructor(type, options) {
    super(type, options);
    note?.(this.asyncId(), type, this.triggerAsyncId(), this);
  }
};
// What the runner takes it takes while it is loaded.
await import('node:test');
hooks.AsyncResource = AsyncResource;
hooks.createHook = createHook;
