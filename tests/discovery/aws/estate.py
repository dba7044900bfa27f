"""A small shop in a simulated account, built by AWS's own client."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from discovery.extra import required

REGION = "eu-west-1"
ACCOUNT = "123456789012"
SECRET = "hunter2-planted"


@contextmanager
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that answers as AWS does, with nothing in it; the value is its address."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    server = required("moto.server", "aws").ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        # What it has is the process's, so that of the simulator before is still there.
        urllib.request.urlopen(f"{address}/moto-api/reset", data=b"").close()
        yield address
    finally:
        server.stop()


class Cloud:
    """Makes things in one account and region of a simulator."""

    def __init__(self, address: str, region: str = REGION, **more: str) -> None:
        self._address, self._region, self._more = address, region, more
        self._made: list[Any] = []

    def __call__(self, service: str) -> Any:
        boto3 = required("boto3", "aws")
        session = boto3.Session(region_name=self._region, **self._more)
        client = session.client(service, endpoint_url=self._address)
        self._made.append(client)
        return client

    def close(self) -> None:
        for client in self._made:
            client.close()


def tagged(name: str, **more: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in {"Name": name, **more}.items()]


def spec(kind: str, name: str, **more: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tagged(name, **more)}]


def network(cloud: Cloud) -> tuple[str, list[str]]:
    ec2 = cloud("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=spec("vpc", "main"))
    own = vpc["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=own,
            CidrBlock=f"10.0.{at}.0/24",
            AvailabilityZone=f"{REGION}{zone}",
            TagSpecifications=spec("subnet", f"subnet-{zone}"),
        )["Subnet"]["SubnetId"]
        for at, zone in enumerate("ab")
    ]
    return own, subnets


def machines(cloud: Cloud, subnets: list[str]) -> list[str]:
    ec2 = cloud("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    return [
        ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.small",
            SubnetId=subnet,
            UserData=f"export PASSWORD={SECRET}",
            TagSpecifications=spec("instance", f"web{at}", Owner="Payments"),
        )["Instances"][0]["InstanceId"]
        for at, subnet in enumerate(subnets)
    ]


def balancer(cloud: Cloud, vpc: str, subnets: list[str], targets: list[str]) -> dict[str, str]:
    elb = cloud("elbv2")
    pool = elb.create_target_group(Name="shop", Protocol="HTTP", Port=80, VpcId=vpc)
    group = pool["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": own} for own in targets])
    made = elb.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]
    own = cloud("acm").request_certificate(DomainName="www.example.com")["CertificateArn"]
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": own}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return {"pool": group, "balancer": made["LoadBalancerArn"], "name": made["DNSName"]}


def group(cloud: Cloud, subnets: list[str], pool: str) -> None:
    scaling = cloud("autoscaling")
    image = cloud("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    scaling.create_launch_configuration(
        LaunchConfigurationName="api", ImageId=image, InstanceType="t3.small"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="api",
        LaunchConfigurationName="api",
        MinSize=2,
        MaxSize=4,
        DesiredCapacity=2,
        VPCZoneIdentifier=",".join(subnets),
        TargetGroupARNs=[pool],
    )


def databases(cloud: Cloud) -> str:
    rds = cloud("rds")
    made = rds.create_db_instance(
        DBInstanceIdentifier="orders",
        MultiAZ=True,
        AvailabilityZone=f"{REGION}a",
        MasterUsername="orders",
        MasterUserPassword=SECRET,
        AllocatedStorage=20,
        Tags=tagged("orders", Team="Data"),
        DBInstanceClass="db.t3.small",
        Engine="postgres",
    )["DBInstance"]
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="reports", SourceDBInstanceIdentifier="orders"
    )
    rds.create_db_cluster(
        DBClusterIdentifier="catalogue",
        Engine="aurora-postgresql",
        MasterUsername="root",
        MasterUserPassword=SECRET,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="catalogue-1",
        DBClusterIdentifier="catalogue",
        DBInstanceClass="db.t3.small",
        Engine="aurora-postgresql",
    )
    return str(made["Endpoint"]["Address"])


def code(cloud: Cloud, database: str) -> None:
    queue = cloud("sqs").create_queue(QueueName="orders")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    sns = cloud("sns")
    topic = sns.create_topic(Name="placed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert queue
    role = cloud("iam").create_role(
        RoleName="run", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"})
    )["Role"]["Arn"]
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("f.py", "")
    functions = cloud("lambda")
    functions.create_function(
        FunctionName="book",
        Runtime="python3.12",
        Role=role,
        Handler="f.f",
        Code={"ZipFile": body.getvalue()},
        Environment={"Variables": {"DB": f"postgres://u:{SECRET}@{database}/o", "KEY": SECRET}},
    )
    functions.create_event_source_mapping(FunctionName="book", EventSourceArn=arn)
    bucket = {"LocationConstraint": REGION}
    cloud("s3").create_bucket(Bucket="shop-pictures", CreateBucketConfiguration=bucket)


def clusters(cloud: Cloud, subnets: list[str], pool: str) -> None:
    ecs = cloud("ecs")
    ecs.create_cluster(clusterName="tasks")
    ecs.register_task_definition(
        family="api",
        containerDefinitions=[
            {
                "name": "api",
                "image": "shop/api",
                "memory": 64,
                "environment": [
                    {"name": "TOPIC", "value": f"arn:aws:sns:{REGION}:{ACCOUNT}:placed"},
                    {"name": "PASSWORD", "value": SECRET},
                ],
            }
        ],
    )
    for name in ("api", *(f"worker{n}" for n in range(11))):
        ecs.create_service(
            cluster="tasks",
            serviceName=name,
            taskDefinition="api",
            desiredCount=1,
            loadBalancers=[{"targetGroupArn": pool, "containerName": "api", "containerPort": 80}]
            if name == "api"
            else [],
        )
    eks = cloud("eks")
    eks.create_cluster(
        name="shop",
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks",
        resourcesVpcConfig={"subnetIds": subnets},
    )
    eks.create_nodegroup(
        clusterName="shop",
        nodegroupName="workers",
        subnets=subnets,
        nodeRole=f"arn:aws:iam::{ACCOUNT}:role/node",
    )


def names(cloud: Cloud, balancer: str) -> None:
    route53 = cloud("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    alias = {
        "HostedZoneId": "Z32O12XQLNTSW2",
        "DNSName": f"dualstack.{balancer}.",
        "EvaluateTargetHealth": False,
    }
    records = [
        {"Name": "www.example.com.", "Type": "A", "AliasTarget": alias},
        {
            "Name": "example.com.",
            "Type": "TXT",
            "TTL": 60,
            "ResourceRecords": [{"Value": f'"{SECRET}"'}],
        },
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def shop(address: str) -> dict[str, Any]:
    """Build all of it; returns the ids that tests ask for."""
    cloud = Cloud(address)
    try:
        vpc, subnets = network(cloud)
        own = machines(cloud, subnets)
        made = balancer(cloud, vpc, subnets, own)
        group(cloud, subnets, made["pool"])
        database = databases(cloud)
        code(cloud, database)
        clusters(cloud, subnets, made["pool"])
        names(cloud, made["name"])
        return {"vpc": vpc, "subnets": subnets, "machines": own, "database": database, **made}
    finally:
        cloud.close()
