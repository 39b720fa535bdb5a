/*
description = "One row per successful production deployment of a service for which hours were agreed: whether it kept to them."
depends_on = ["staged.stg_deployment_hours"]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "is_outside"]

[columns]
item_id = "source:id of the deployment"
service_id = "the service that was deployed"
is_outside = "it succeeded on a day or at a time for which nothing was agreed, by the clock on the wall"
*/
SELECT item_id, service_id, is_outside FROM staged.stg_deployment_hours
