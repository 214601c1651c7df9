import workerpool from 'workerpool'
import compute from './compute-task.mjs'

workerpool.worker({ compute })
