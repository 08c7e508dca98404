import { render } from 'preact';
import { App } from './app.js';

// A file that is dropped beside the target must not replace the page.
for (const kind of ['dragover', 'drop']) window.addEventListener(kind, (event) => event.preventDefault());

render(<App />, document.getElementById('page')!);
