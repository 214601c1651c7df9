module.exports = require('../dist/commonjs/doors/pkcs11js.js')
