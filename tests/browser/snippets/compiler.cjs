// Have React's own compiler see to a component: from stdin to stdout, its TypeScript and JSX left as they are.
// The name of the file comes as an argument.
const { readFileSync } = require('node:fs');
const { transformSync } = require('@babel/core');

const { code } = transformSync(readFileSync(0, 'utf8'), {
  filename: process.argv[2],
  configFile: false,
  babelrc: false,
  parserOpts: { plugins: ['typescript', 'jsx'] },
  plugins: [[require('babel-plugin-react-compiler'), { target: '18' }]],
});
process.stdout.write(code);
