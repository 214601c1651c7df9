module.exports = require('../dist/commonjs/doors/koffi.js')
