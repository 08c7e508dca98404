import { render } from 'preact';
import { App } from './app.js';

// A file that misses the place for it must not take the page away.
for (const kind of ['dragover', 'drop']) window.addEventListener(kind, (event) => event.preventDefault());

render(<App />, document.getElementById('page')!);
